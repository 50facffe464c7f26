/** The results of the study: for each question the methods' scores with intervals, and the votes as CSV. */
import { ApiError } from '../net/api.ts';
import { getStudyResults, type StudyRank, type StudyResults, VOTES_PATH } from '../net/study-api.ts';
import { h } from '../ui/dom.ts';
import { methodName } from '../ui/palette.ts';
import { QUESTIONS } from './study-text.ts';

/** Smallest half-width of the axis, in units of the score: without votes, all scores are 0. */
const MIN_REACH = 0.5;

export class StudyResultsView {
  readonly element = h('main', { class: 'study study-results' });

  async start(): Promise<void> {
    try {
      this.#show(await getStudyResults());
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(0, 'page', 'The page failed.', 'Reload it.');
      const title = known.code === 'study_off' ? 'The study is switched off' : 'The results cannot be shown';
      const card = [h('h2', {}, title), h('p', {}, known.message), h('p', {}, known.hint)];
      this.element.replaceChildren(h('section', { class: 'card study-card' }, ...card));
    }
  }

  #show({ voters, votes, questions }: StudyResults): void {
    const ranks = questions.flatMap((question) => question.ranks);
    const reach = Math.max(MIN_REACH, ...ranks.map(farthest)) * 1.08;
    const intervals = ranks.some((rank) => rank.low !== null);
    const cards = questions.map(({ question, votes, ranks }) =>
      h(
        'section',
        { class: 'card' },
        h(
          'header',
          {},
          h('h2', {}, QUESTIONS[question]),
          h('span', { class: 'card-note ranks-votes' }, counted(votes, 'vote')),
        ),
        votes
          ? h('ol', { class: 'ranks' }, ...ranks.map((rank) => row(rank, reach)))
          : h('p', { class: 'card-note' }, 'No votes yet.'),
      ),
    );
    this.element.replaceChildren(
      h(
        'div',
        { class: 'results-head' },
        h('h2', {}, 'Results'),
        h('p', { class: 'card-note' }, `${counted(voters, 'person', 'people')}, ${counted(votes, 'vote')}`),
        h('a', { class: 'download', href: VOTES_PATH, download: true }, 'Download all votes (CSV)'),
      ),
      ...cards,
      h('p', { class: 'card-note' }, explanation(intervals)),
    );
  }
}

/** Return the largest distance from 0 that a method's row shows. */
function farthest({ score, low, high }: StudyRank): number {
  return Math.max(Math.abs(score), Math.abs(low ?? 0), Math.abs(high ?? 0));
}

function row(rank: StudyRank, reach: number): HTMLElement {
  const place = (value: number) => `${(50 + (50 * value) / reach).toFixed(2)}%`;
  const track = h('div', { class: 'rank-track', 'aria-hidden': 'true' });
  if (rank.low !== null && rank.high !== null) {
    const line = h('i', { class: 'rank-interval' });
    line.style.setProperty('left', place(rank.low));
    line.style.setProperty('right', `calc(100% - ${place(rank.high)})`);
    track.append(line);
  }
  const dot = h('i', { class: 'rank-dot' });
  dot.style.setProperty('left', place(rank.score));
  track.append(dot);
  return h(
    'li',
    { 'data-method': rank.method, 'data-score': rank.score },
    h('span', { class: 'rank-name' }, methodName(rank.method)),
    track,
    h('span', { class: 'rank-score' }, scoreText(rank)),
    h('span', { class: 'card-note' }, preferredText(rank)),
  );
}

/** Return a score with its interval, such as `+0.42 (+0.10 to +0.71)`. */
export function scoreText({ score, low, high }: StudyRank): string {
  const signed = (value: number) => `${value < -0.005 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
  return low === null || high === null ? signed(score) : `${signed(score)} (${signed(low)} to ${signed(high)})`;
}

function preferredText({ preferred, votes }: StudyRank): string {
  return preferred === null ? 'no votes' : `preferred in ${Math.round(preferred * 100)} % of ${votes}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function explanation(intervals: boolean): string {
  const scores =
    'Scores are those of the Bradley-Terry model; their mean is 0. A difference of 1 means that the higher one is preferred in 73 % of comparisons. “No difference” counts half for each.';
  const bars = ' Bars are 95 % intervals by resampling people.';
  return scores + (intervals ? bars : ' Intervals appear from five people on.');
}
