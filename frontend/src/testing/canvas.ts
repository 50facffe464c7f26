/** A 2D context for tests that accepts every call and does nothing: the test DOM has no canvas. */

const nothing = new Proxy({}, { get: () => () => ({ width: 0 }), set: () => true });

export function stubCanvas(): void {
  HTMLCanvasElement.prototype.getContext = (() => nothing) as unknown as HTMLCanvasElement['getContext'];
}
