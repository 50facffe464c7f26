import { beforeEach, expect, test } from 'vitest';
import type { KeptPicture } from '../portrait/kept-picture.ts';
import { SendConsent } from './send-consent.ts';

const [mine, other] = [{}, {}] as [KeptPicture, KeptPicture];
let consent: SendConsent;
const answer = (index: number) => consent.question.element.querySelectorAll('button')[index]?.click();

beforeEach(() => {
  consent = new SendConsent();
  HTMLElement.prototype.scrollIntoView = () => undefined;
});

test('the question names what is sent, where it goes and how long it stays', async () => {
  const allowed = consent.allows(mine, 'your portrait, reduced to 64 x 64 pixels');
  const text = consent.question.element.textContent;
  expect(text).toContain('your portrait, reduced to 64 x 64 pixels');
  expect(text).toContain(location.host);
  expect(text).toContain('until the clips are done');
  answer(1);
  expect(await allowed).toBe(false);
});

test('consent holds for one portrait; a question that another one replaces is a no', async () => {
  const [first, second] = [consent.allows(mine, 'a'), consent.allows(mine, 'b')];
  expect(await first).toBe(false);
  answer(0);
  expect(await second).toBe(true);
  expect(await consent.allows(mine, 'c')).toBe(true);
  const third = consent.allows(other, 'd');
  expect(consent.question.open).toBe(true);
  answer(1);
  expect(await third).toBe(false);
});
