/** localStorage that may be absent, full or forbidden (private windows, blocked cookies): then nothing is remembered. */

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`motionfan.${key}`, JSON.stringify(value));
  } catch {
    // Remembering is a comfort, not a need.
  }
}

export function recall(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`motionfan.${key}`) ?? 'null');
  } catch {
    return null;
  }
}
