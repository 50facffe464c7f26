/** What one can set of a clip: how many, how long, and how it is drawn. */
import { type Control, slider } from './controls.ts';
import { h } from './dom.ts';
import type { NumberField } from './schema.ts';
import type { VideoInfo } from './video-api.ts';

/** The shortest clip: half a second and a little. */
const SHORTEST = 8;

export type ClipSettings = { count: number; steps: number; guidance: number; temperature: number };

export class VideoSettings {
  readonly element = h('div', { class: 'video-sliders' });
  #controls: Control[] = [];
  #values: Record<string, number> = {};
  #rate = 12.5;

  /** Make the controls for what the server offers. */
  offer(info: VideoInfo): void {
    this.#rate = info.rate;
    const fields = fieldsOf(info);
    this.#values = Object.fromEntries(fields.map((field) => [field.name, field.default]));
    this.#controls = fields.map((field) => slider(field, (value) => this.#set(field.name, value)));
    this.element.replaceChildren(...this.#controls.map((control) => control.element));
    this.#show();
  }

  get values(): ClipSettings {
    const of = (name: string) => this.#values[`video-${name}`] ?? 0;
    const steps = Math.round(of('seconds') * this.#rate);
    return { count: of('count'), steps, guidance: of('guidance'), temperature: of('temperature') };
  }

  /** Guidance has an effect only where there are words. */
  guided(on: boolean): void {
    this.#controls.find(({ field }) => field.name === 'video-guidance')?.enable(on);
  }

  #set(name: string, value: number): void {
    this.#values[name] = value;
    this.#show();
  }

  #show(): void {
    for (const { field, show } of this.#controls) show(this.#values[field.name] ?? field.default);
  }
}

function fieldsOf({ most, defaults, rate }: VideoInfo): NumberField[] {
  const number = { type: 'number' as const, integer: false, onlyWith: null, unit: '' };
  const [shortest, longest] = [Math.min(SHORTEST, most.steps) / rate, most.steps / rate];
  return [
    {
      ...number,
      name: 'video-count',
      title: 'Clips',
      description: 'How many clips are drawn at once; more take longer',
      integer: true,
      min: 1,
      max: most.count,
      step: 1,
      default: defaults.count,
    },
    {
      ...number,
      name: 'video-seconds',
      title: 'Length',
      description: 'Seconds that are drawn; the longer, the more the face drifts',
      min: shortest,
      max: longest,
      step: 2 / rate,
      unit: 's',
      default: defaults.steps / rate,
    },
    {
      ...number,
      name: 'video-guidance',
      title: 'How strongly the words count',
      description: '0 takes them as they come; large values exaggerate, and harm the picture',
      min: 0,
      max: Math.max(3, defaults.guidance),
      step: 0.5,
      default: defaults.guidance,
    },
    {
      ...number,
      name: 'video-temperature',
      title: 'How lively',
      description: 'Scale of the noise of the liveliest clip; the others are calmer',
      min: 0.5,
      max: Math.max(1.2, defaults.temperature),
      step: 0.05,
      default: defaults.temperature,
    },
  ];
}
