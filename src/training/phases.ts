/** What a training does one after the other, in words for progress; `share` is the part of the whole. */
export const phases = {
  reading: { name: 'reading bars', share: [0, 0.03] },
  features: { name: 'computing features', share: [0.03, 0.06] },
  /** The phase in which epochs and batches count. */
  training: { name: 'training', share: [0.06, 0.96] },
  testing: { name: 'testing', share: [0.96, 0.98] },
  saving: { name: 'saving the model', share: [0.98, 1] },
} as const;

/** The phase in which a model that was trained on a host comes home; what is trained there is the part of the whole before it. */
export const fetching = { name: 'fetching the model', share: [0.98, 1] } as const;
