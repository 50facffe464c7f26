/** The words of the study. */
import type { StudyQuestion } from '../net/study-api.ts';

export const QUESTIONS: Record<StudyQuestion, string> = {
  realism: 'Which looks more like a real person?',
  diversity: 'Which set shows more different movements?',
};

export const NOTES: Record<StudyQuestion, string> = {
  realism: 'Both continue the same moment. Look at how the face moves, not at the picture’s quality.',
  diversity: 'Each set shows four possible continuations of the same moment.',
};

export const CONSENT =
  'I agree that my answers are stored, without anything that identifies me, and are shown in the results.';

export const PRIVACY =
  'For each answer, the server stores what you chose, what was shown, the day, and a random number for this visit. It stores no name, no address, no browser details and no time of day.';

/** Return how many pairs there are and how long they take, at about eight seconds each. */
export function effort(trials: number): string {
  return `${trials} pairs, about ${Math.max(1, Math.round((trials * 8) / 60))} minutes.`;
}
