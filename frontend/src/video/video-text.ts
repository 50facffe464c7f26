/** Text about generating a video: how long it takes, and how much is left. */
import type { VideoEvent } from '../net/video-api.ts';

/** Format a duration: `about 12 s`, `about 1 min 20 s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `about ${whole} s`;
  const tens = Math.round((whole % 60) / 10) * 10;
  const minutes = Math.floor(whole / 60) + (tens === 60 ? 1 : 0);
  return `about ${minutes} min${tens % 60 ? ` ${tens} s` : ''}`;
}

/** Return a sentence for the start of generating `what`, with the expected time if the server knows it. */
export function startText(what: string, event: Extract<VideoEvent, { kind: 'begun' }>): string {
  const duration = event.seconds === null ? '' : ` (${durationText(event.seconds)})`;
  if (event.waiting === 0) return `Generating ${what}${duration}.`;
  const others = event.waiting === 1 ? 'another video' : `${event.waiting} other videos`;
  return `Waiting for ${others}, then generating ${what}${duration}.`;
}

/** Return the time left, or the share done while the time is unknown. */
export function remainingText(event: Extract<VideoEvent, { kind: 'progress' }>): string {
  if (event.left === null) return `${Math.round(event.share * 100)} %`;
  return event.left < 1.5 ? 'almost done' : `${Math.round(event.left)} s left`;
}
