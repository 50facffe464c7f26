/** What the page says of a drawing under way. */
import type { VideoEvent } from './video-api.ts';

/** `about 12 s`, `about 1 min 20 s` */
export function about(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `about ${whole} s`;
  const tens = Math.round((whole % 60) / 10) * 10;
  const minutes = Math.floor(whole / 60) + (tens === 60 ? 1 : 0);
  return `about ${minutes} min${tens % 60 ? ` ${tens} s` : ''}`;
}

/** What was begun, and for how long; nothing about a time that nobody knows yet. */
export function beginning(what: string, event: Extract<VideoEvent, { kind: 'begun' }>): string {
  const takes = event.seconds === null ? '' : `: ${about(event.seconds)} on this machine`;
  if (event.waiting === 0) return `Drawing ${what}${takes}.`;
  const others = event.waiting === 1 ? 'another drawing' : `${event.waiting} other drawings`;
  return `Waiting for ${others}, then drawing ${what}${takes}.`;
}

export function remaining(event: Extract<VideoEvent, { kind: 'progress' }>): string {
  if (event.left === null) return `${Math.round(event.share * 100)} %`;
  return event.left < 1.5 ? 'nearly done' : `${Math.round(event.left)} s left`;
}
