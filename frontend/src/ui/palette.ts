/** Colours of the futures and display names of the forecasting methods. */

/** A future has the same colour on its tile's border, its error chip and its keypoint paths. */
const COLOURS = [
  '#ff8470',
  '#5cc8ff',
  '#ffc65c',
  '#b79bff',
  '#66dfae',
  '#ff8fc7',
  '#c3e36b',
  '#7f9cff',
  '#ffa85f',
  '#5fe0dc',
  '#e39bff',
  '#9fd98a',
  '#ff9f9f',
  '#8fb8ff',
  '#e6d27a',
  '#d0a6c8',
];

/** Return the colour of future `index`. They repeat after sixteen. */
export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#ffffff';
}

const METHODS: Record<string, string> = {
  gru_nf: 'GRU-NF',
  gru_snf: 'GRU-SNF',
  both: 'Both',
  starflow: 'video model',
  chosen: 'Chosen futures',
  truth: 'What happened',
};

/** Return the display name of a forecasting method. */
export function methodName(method: string): string {
  return METHODS[method] ?? method;
}
