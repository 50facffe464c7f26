/** A sheet for tests: it draws nothing, and can be blended if the test says so. */
import type { Picture } from '../render/picture.ts';
import type { Sheet } from '../render/sheet.ts';

export class FakeSheet implements Sheet {
  closed = false;
  usable = true;
  /** What was drawn of it: a tile, or a tile and the part of the next sheet. */
  readonly drawn: string[] = [];

  constructor(
    readonly tiles = 3,
    readonly blends = false,
    readonly present = 0,
  ) {}

  canBlend(next: Sheet): boolean {
    return this.blends && next instanceof FakeSheet && next.blends;
  }

  picture(tile: number): Picture {
    return this.#picture(`${tile}`);
  }

  between(tile: number, _next: Sheet, nextTile: number, part: number): Picture {
    return this.#picture(`${tile}-${nextTile} ${part.toFixed(2)}`);
  }

  close(): void {
    this.closed = true;
  }

  #picture(name: string): Picture {
    const draw = () => {
      this.drawn.push(name);
      return true;
    };
    return { sideFor: (wanted) => wanted, draw };
  }
}
