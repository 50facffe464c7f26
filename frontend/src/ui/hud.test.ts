import { beforeEach, expect, test } from 'vitest';
import type { SheetHead } from '../net/protocol.ts';
import { stubCanvas } from '../testing/canvas.ts';
import { SHEET } from '../testing/wire.ts';
import { Hud } from './hud.ts';

let hud: Hud;
const text = (figure: string) => hud.element.querySelector(`[data-figure=${figure}]`)?.textContent;
const head = {
  ...SHEET,
  t: 900,
  stages: { wait: 1, observe: 2, forecast: 12.3, render: 40, encode: 0.5 },
  counts: { received: 30, processed: 20, dropped: 3 },
  surprise: 0.25,
  acceptance: 0.31,
} as unknown as SheetHead;

beforeEach(() => {
  stubCanvas();
  hud = new Hud(() => ({ camera: null, roundTripMs: 20 }));
});

test('the first sheet fills the measurements', () => {
  expect(text('p50')).toBe('–');
  hud.update(head, { sent: 31, drawn: 19 }, 1000);
  expect(['p50', 'p95', 'sent', 'processed', 'dropped', 'drawn', 'acceptance', 'surprise'].map(text)).toEqual([
    '100 ms',
    '100 ms',
    '31',
    '20',
    '3',
    '19',
    '31 %',
    '25',
  ]);
  const stages = [...hud.element.querySelectorAll('.stages .value')].map((value) => value.textContent);
  expect(stages).toEqual(['1.0', '2.0', '12', '40', '0.5']);
});

test('what slows the pictures down is named, and only then', () => {
  const line = hud.element.querySelector<HTMLElement>('.hud-bottleneck');
  hud.update(head, { sent: 1, drawn: 1 }, 1000);
  expect(line?.hidden).toBe(true);
  hud.update({ ...head, t: 1900, flags: ['overloaded'] }, { sent: 1, drawn: 1 }, 2000);
  expect([line?.hidden, line?.textContent]).toEqual([false, expect.stringContaining('The server is busy')]);
  hud.update({ ...head, t: 2900 }, { sent: 1, drawn: 1 }, 3000);
  expect(line?.hidden).toBe(true);
});

test('the drawer is named in words', () => {
  hud.update(head, { sent: 1, drawn: 1 }, 1000);
  expect(text('way')).toBe('the server');
  hud.update({ ...head, way: 'layers' }, { sent: 1, drawn: 1 }, 2000);
  expect(text('way')).toBe('this browser’s graphics');
});

test('a value that the server does not send is shown as a dash', () => {
  hud.update({ ...head, surprise: null, acceptance: null }, { sent: 1, drawn: 1 }, 1000);
  expect([text('surprise'), text('acceptance')]).toEqual(['–', '–']);
});
