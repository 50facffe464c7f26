/** The study: consent, the pairs one after the other, and thanks. A reload of the page goes on with the same visit. */
import { ApiError } from '../net/api.ts';
import {
  beginStudy,
  getStudy,
  getStudyClips,
  type StudyChoice,
  type StudyPlan,
  type StudyTrial,
  sendVote,
} from '../net/study-api.ts';
import { h, setText } from '../ui/dom.ts';
import { listenForShortcuts } from '../ui/shortcuts.ts';
import { type PairImages, PairView } from './pair-view.ts';
import { CONSENT, effort, NOTES, PRIVACY, QUESTIONS } from './study-text.ts';

const STORED = 'motionfan.study';

/** A visit: its plan, and how many of its pairs are judged. */
type Visit = { plan: StudyPlan; judged: number };

export class Study {
  readonly element = h('main', { class: 'study' });
  readonly #view = new PairView((choice) => void this.#vote(choice));
  readonly #count = h('p', { class: 'study-count' });
  readonly #bar = h('div', {
    class: 'progress-bar',
    role: 'progressbar',
    'aria-label': 'Pairs judged',
    'aria-valuemin': 0,
  });
  readonly #progress = h('div', { class: 'study-progress' }, this.#count, this.#bar);
  readonly #error = h('p', { class: 'notice error', role: 'alert', hidden: true });
  readonly #images = new Map<string, Promise<PairImages>>();
  #visit: Visit | null = null;

  constructor() {
    this.#bar.append(h('i'));
    const keys: [string, StudyChoice][] = [
      ['arrowleft', 'left'],
      ['1', 'left'],
      ['arrowright', 'right'],
      ['2', 'right'],
      [' ', 'none'],
      ['0', 'none'],
    ];
    const judge = (choice: StudyChoice) => this.element.isConnected && this.#view.judge(choice);
    listenForShortcuts(keys.map(([key, choice]) => ({ key, label: '', action: '', run: () => judge(choice) })));
  }

  async start(): Promise<void> {
    this.#visit = restore();
    try {
      const { trials } = await getStudy();
      if (this.#visit) await this.#next();
      else this.#showConsent(trials);
    } catch (error) {
      this.#showFailure(error);
    }
  }

  #showConsent(trials: number): void {
    const agree = h('button', { type: 'button', class: 'primary' }, 'Agree and begin');
    agree.addEventListener('click', () => void this.#begin());
    this.#card(
      'Which motion looks right?',
      h(
        'p',
        {},
        'MotionFan forecasts how a face may move in the next 1.3 seconds. You see pairs of short clips and answer one question about each pair. Go by your first impression.',
      ),
      h('p', {}, effort(trials)),
      h('p', { class: 'study-consent' }, CONSENT),
      agree,
      h('p', { class: 'card-note' }, PRIVACY),
    );
  }

  async #begin(): Promise<void> {
    try {
      this.#visit = { plan: await beginStudy(), judged: 0 };
      store(this.#visit);
      await this.#next();
    } catch (error) {
      this.#showFailure(error);
    }
  }

  /** Show the pair to judge now, with a pause before another question. */
  async #next(): Promise<void> {
    const { plan, judged } = this.#visit as Visit;
    const [trial, before] = [plan.trials[judged], plan.trials[judged - 1]];
    if (!trial) this.#showThanks(judged);
    else if (before && before.question !== trial.question) this.#showQuestion(trial);
    else await this.#showPair();
  }

  #showQuestion(trial: StudyTrial): void {
    void this.#load(trial);
    const go = h('button', { type: 'button', class: 'primary' }, 'Continue');
    go.addEventListener('click', () => void this.#showPair());
    this.#card(
      QUESTIONS[trial.question],
      h('p', {}, 'This is the second and last question.'),
      h('p', {}, NOTES[trial.question]),
      go,
    );
    go.focus();
  }

  async #showPair(): Promise<void> {
    const { plan, judged } = this.#visit as Visit;
    const trial = plan.trials[judged] as StudyTrial;
    this.#view.wait(trial.question);
    this.#error.hidden = true;
    setText(this.#count, `Pair ${judged + 1} of ${plan.trials.length}`);
    this.#bar.style.setProperty('--part', String(judged / plan.trials.length));
    this.#bar.setAttribute('aria-valuemax', String(plan.trials.length));
    this.#bar.setAttribute('aria-valuenow', String(judged));
    if (!this.#view.element.isConnected) this.element.replaceChildren(this.#progress, this.#view.element, this.#error);
    try {
      this.#view.show(trial, await this.#load(trial), plan.frames, plan.rate);
    } catch (error) {
      this.#showFailure(error);
      return;
    }
    const next = plan.trials[judged + 1];
    if (next) void this.#load(next).catch(() => this.#images.delete(next.id));
  }

  /** Load the clips of a pair, once; a failed request is repeated when the pair's turn comes. */
  #load(trial: StudyTrial): Promise<PairImages> {
    const known = this.#images.get(trial.id);
    if (known) return known;
    const side = async (name: 'left' | 'right') => createImageBitmap(await getStudyClips(trial.id, name));
    const images = Promise.all([side('left'), side('right')]).then(([left, right]) => ({ left, right }));
    images.catch(() => this.#images.delete(trial.id));
    this.#images.set(trial.id, images);
    return images;
  }

  async #vote(choice: StudyChoice): Promise<void> {
    const visit = this.#visit as Visit;
    const trial = visit.plan.trials[visit.judged] as StudyTrial;
    try {
      await sendVote(trial.id, choice);
    } catch (error) {
      // An answer that arrived although its reply got lost counts.
      if (!(error instanceof ApiError && error.code === 'vote_repeated')) return this.#refuse(error);
    }
    this.#images.delete(trial.id);
    visit.judged += 1;
    store(visit);
    await this.#next();
  }

  /** Say why an answer was not stored; the pair stays. */
  #refuse(error: unknown): void {
    if (!(error instanceof ApiError) || error.code === 'trial_unknown') {
      this.#showFailure(error);
      return;
    }
    setText(this.#error, `Your answer was not stored. ${error.message} ${error.hint}`.trim());
    this.#error.hidden = false;
    this.#view.retry();
  }

  #showThanks(judged: number): void {
    const results = h('a', { href: '/study/results' }, 'See the results so far');
    this.#card('Thank you', h('p', {}, `All ${judged} answers are stored.`), h('p', {}, results));
  }

  #showFailure(error: unknown): void {
    const known = error instanceof ApiError ? error : new ApiError(0, 'page', 'The page failed.', 'Reload it.');
    if (known.code === 'trial_unknown') sessionStorage.removeItem(STORED);
    const again = h('button', { type: 'button', class: 'primary' }, 'Try again');
    again.addEventListener('click', () => void this.start());
    const off = known.code === 'study_off';
    this.#card(
      off ? 'The study is switched off' : 'This did not work',
      h('p', {}, known.message),
      h('p', {}, known.hint),
      off ? null : again,
    );
  }

  #card(title: string, ...children: (HTMLElement | null)[]): void {
    const heading = h('h2', { tabindex: -1 }, title);
    this.element.replaceChildren(h('section', { class: 'card study-card' }, heading, ...children));
    heading.focus({ preventScroll: true });
  }
}

/** Keep the visit until the tab is closed; without storage, a reload begins a new one. */
function store(visit: Visit): void {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(visit));
  } catch {
    // The browser refuses storage.
  }
}

function restore(): Visit | null {
  try {
    const visit = JSON.parse(sessionStorage.getItem(STORED) ?? 'null') as Visit | null;
    return visit && Array.isArray(visit.plan?.trials) && Number.isInteger(visit.judged) ? visit : null;
  } catch {
    return null;
  }
}
