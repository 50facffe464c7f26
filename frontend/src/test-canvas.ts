/** A 2D context that takes every call and draws nothing: the test DOM has no canvas. */

const nothing = new Proxy({}, { get: () => () => ({ width: 0 }), set: () => true });

export function stubCanvas(): void {
  HTMLCanvasElement.prototype.getContext = (() => nothing) as unknown as HTMLCanvasElement['getContext'];
}
