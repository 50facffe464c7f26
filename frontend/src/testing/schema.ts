/** A settings schema like the server's, for tests. */
export const SCHEMA = {
  $ref: '#/$defs/ForecastSettings',
  $defs: {
    ForecastSettings: {
      type: 'object',
      properties: {
        method: { title: 'Method', description: 'Which', enum: ['both', 'gru_nf', 'gru_snf'], default: 'gru_snf' },
        k: {
          title: 'Futures',
          description: 'How many',
          type: 'integer',
          minimum: 1,
          maximum: 16,
          default: 4,
          unit: 'paths',
        },
        temperature: { title: 'Temperature', type: 'number', minimum: 0, maximum: 2, default: 1 },
        mcmc_steps: {
          title: 'MCMC steps',
          type: 'integer',
          minimum: 0,
          maximum: 8,
          default: 2,
          only_with: { method: ['both', 'gru_snf'] },
        },
      },
    },
  },
};
