import { beforeEach, expect, test, vi } from 'vitest';
import { KeepSwitch } from './keep-switch.ts';

const changed = vi.fn();
const inputOf = ({ element }: KeepSwitch) => element.querySelector('input') as HTMLInputElement;
const noteOf = ({ element }: KeepSwitch) => element.querySelector('.card-note')?.textContent;

/** In the document: elsewhere a click changes nothing. */
function open(): KeepSwitch {
  const keep = new KeepSwitch(changed);
  document.body.replaceChildren(keep.element);
  return keep;
}

beforeEach(() => {
  localStorage.clear();
  vi.clearAllMocks();
});

test('it is on as soon as the browser can draw alone; until then pictures are sent, and it says so', async () => {
  const keep = open();
  expect([keep.on, keep.obstacle, inputOf(keep).checked, await keep.decided()]).toEqual([false, null, false, false]);
  expect(noteOf(keep)).toContain('are sent to the server');
  keep.ability = { able: true };
  expect([inputOf(keep).checked, await keep.decided()]).toEqual([true, true]);
  expect(noteOf(keep)).toContain('stay in this browser');
});

test('where the user chose it before, pictures wait until the browser can draw alone', async () => {
  inputOf(open()).click();
  const keep = open();
  expect([keep.on, inputOf(keep).checked]).toEqual([false, true]);
  const decided = vi.fn();
  void keep.decided().then(decided);
  await Promise.resolve();
  expect(decided).not.toHaveBeenCalled();
  keep.ability = { able: true };
  await vi.waitFor(() => expect(decided).toHaveBeenCalledWith(true));
});

test('where the browser cannot, it is off, cannot be turned on, and says why', async () => {
  const keep = open();
  keep.ability = { able: false, reason: 'it is too slow.' };
  expect(await keep.decided()).toBe(false);
  expect([inputOf(keep).checked, inputOf(keep).disabled]).toEqual([false, true]);
  expect(noteOf(keep)).toBe('Not possible here: it is too slow. Pictures that you upload are sent to the server.');
});

test('what the user chose is remembered, and ends the waiting', async () => {
  const keep = open();
  inputOf(keep).click();
  const decided = keep.decided();
  inputOf(keep).click();
  expect(await decided).toBe(false);
  expect(changed.mock.calls).toEqual([[true], [false]]);
  const later = open();
  later.ability = { able: true };
  expect([later.on, inputOf(later).checked]).toEqual([false, false]);
  expect(noteOf(later)).toContain('are sent to the server');
});

test('a picture that is kept can be sent although the browser cannot draw it any more', () => {
  const keep = open();
  keep.inUse = true;
  keep.ability = { able: false, reason: 'the graphics were lost.' };
  expect([inputOf(keep).checked, inputOf(keep).disabled]).toEqual([true, false]);
  inputOf(keep).click();
  expect(changed).toHaveBeenCalledExactlyOnceWith(false);
});
