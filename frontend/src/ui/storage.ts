/** Stores values in localStorage, and does nothing where it is absent, full or forbidden (private windows, blocked cookies). */

export function storeValue(key: string, value: unknown): void {
  try {
    localStorage.setItem(`motionfan.${key}`, JSON.stringify(value));
  } catch {
    // The page works without stored values.
  }
}

export function loadValue(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`motionfan.${key}`) ?? 'null');
  } catch {
    return null;
  }
}
