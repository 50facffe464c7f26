/** HTTP requests of the perceptual study. The server does not say which method made a clip before the results. */
import { request } from './api.ts';

export type StudyQuestion = 'realism' | 'diversity';
export type StudyChoice = 'left' | 'right' | 'none';
export type StudySide = 'left' | 'right';

/** A pair to judge; `clips` is the number of clips that each side shows. */
export type StudyTrial = { id: string; question: StudyQuestion; clips: number };

/** One visit: its random number, its pairs, and the length (frames) and rate (frames per second) of every clip. */
export type StudyPlan = { voter: string; trials: StudyTrial[]; frames: number; rate: number };

/** A method's score with its 95 % interval, the part of its votes that it won, and their number. */
export type StudyRank = {
  method: string;
  score: number;
  low: number | null;
  high: number | null;
  preferred: number | null;
  votes: number;
};

export type StudyResults = {
  voters: number;
  votes: number;
  questions: { question: StudyQuestion; votes: number; ranks: StudyRank[] }[];
};

export const VOTES_PATH = '/api/study/votes.csv';

/** Return the number of pairs that a visit has. @throws ApiError `study_off` when the study is switched off. */
export async function getStudy(): Promise<{ trials: number }> {
  return (await request('/api/study')).json();
}

export async function beginStudy(): Promise<StudyPlan> {
  return (await request('/api/study/voters', { method: 'POST' })).json();
}

/** Get the clips of one side as one picture: one row for each clip, one column for each frame. */
export async function getStudyClips(trial: string, side: StudySide): Promise<Blob> {
  return (await request(`/api/study/trials/${encodeURIComponent(trial)}/${side}`)).blob();
}

export async function sendVote(trial: string, choice: StudyChoice): Promise<void> {
  await request('/api/study/votes', { method: 'POST', body: JSON.stringify({ trial, choice }) });
}

export async function getStudyResults(): Promise<StudyResults> {
  return (await request('/api/study/results')).json();
}
