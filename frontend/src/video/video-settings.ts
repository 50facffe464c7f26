/** The sliders of the video form: how many clips, how long, how strongly the caption guides, how much motion. */
import type { NumberField } from '../net/schema.ts';
import type { VideoInfo } from '../net/video-api.ts';
import { type Control, sliderControl } from '../ui/controls.ts';
import { h } from '../ui/dom.ts';

/** Frames of the shortest clip, 0.64 s. */
const MIN_STEPS = 8;

export type ClipSettings = { count: number; steps: number; guidance: number; temperature: number };

export class VideoSettings {
  readonly element = h('div', { class: 'video-sliders' });
  #controls: Control[] = [];
  #values: Record<string, number> = {};
  #rate = 12.5;

  /** Build the sliders for the ranges that the server offers. */
  setVideoInfo(info: VideoInfo): void {
    this.#rate = info.rate;
    const fields = videoFields(info);
    this.#values = Object.fromEntries(fields.map((field) => [field.name, field.default]));
    this.#controls = fields.map((field) => sliderControl(field, (value) => this.#set(field.name, value)));
    this.element.replaceChildren(...this.#controls.map((control) => control.element));
    this.#show();
  }

  get values(): ClipSettings {
    const of = (name: string) => this.#values[`video-${name}`] ?? 0;
    const steps = Math.round(of('seconds') * this.#rate);
    return { count: of('count'), steps, guidance: of('guidance'), temperature: of('temperature') };
  }

  /** Enable or disable the guidance slider: it has an effect only with a caption. */
  enableGuidance(on: boolean): void {
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

function videoFields({ most, defaults, rate }: VideoInfo): NumberField[] {
  const number = { type: 'number' as const, integer: false, onlyWith: null, unit: '' };
  const [minSeconds, maxSeconds] = [Math.min(MIN_STEPS, most.steps) / rate, most.steps / rate];
  return [
    {
      ...number,
      name: 'video-count',
      title: 'Clips',
      description: 'How many clips to generate at once; more take longer',
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
      description: 'Length of every clip; in longer ones the face changes more',
      min: minSeconds,
      max: maxSeconds,
      step: 2 / rate,
      unit: 's',
      default: defaults.steps / rate,
    },
    {
      ...number,
      name: 'video-guidance',
      title: 'Effect of the words',
      description: 'How strongly the words guide the clip; high values exaggerate them and make the picture worse',
      min: 0,
      max: Math.max(3, defaults.guidance),
      step: 0.5,
      default: defaults.guidance,
    },
    {
      ...number,
      name: 'video-temperature',
      title: 'Amount of motion',
      description: 'Scale of the random numbers behind the last clip; the clips before it move less',
      min: 0.5,
      max: Math.max(1.2, defaults.temperature),
      step: 0.05,
      default: defaults.temperature,
    },
  ];
}
