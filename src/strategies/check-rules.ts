import type { Finding } from '../base/index.ts';
import { areTrades, classesOf } from './classes.ts';
import type { WrittenStrategy } from './strategy.schema.ts';

type RuledParts = Pick<WrittenStrategy, 'training' | 'decisions'>;

/** Checks what keys of different parts of a well-formed strategy say of each other: each of them must have an effect. */
export function checkRules(written: RuledParts): Finding[] {
  return [...outputRules(written), ...objectiveRules(written), ...decisionRules(written), ...validationRules(written)];
}

function outputRules({ training, decisions }: RuledParts): Finding[] {
  const { source } = training.labels;
  const fits = classesOf(training.labels).length > 0 ? 'classification' : 'regression';
  if (decisions.output_format === fits) return [];
  const what = fits === 'regression' ? 'a number' : 'classes';
  return [
    wrong('decisions.output_format', `labels of the source ${source} are ${what}, so output_format must be ${fits}.`),
  ];
}

const objectives = {
  classification: ['cross_entropy', 'focal'],
  regression: ['huber', 'mse'],
} as const;

function objectiveRules({ training, decisions: { output_format: format } }: RuledParts): Finding[] {
  const { loss = objectives[format][0], focal_gamma: gamma, huber_delta: delta, class_weights: weights } = training;
  const known = objectives[format];
  const findings: Finding[] = [];
  if (!known.some((name) => name === loss)) {
    findings.push(wrong('training.loss', `the loss ${loss} is not for a ${format}; use ${known.join(' or ')}.`));
  }
  if (gamma !== undefined && loss !== 'focal') {
    findings.push(superfluous('training.focal_gamma', `belongs to the loss focal, and the loss is ${loss}`));
  }
  if (delta !== undefined && loss !== 'huber') {
    findings.push(superfluous('training.huber_delta', `belongs to the loss huber, and the loss is ${loss}`));
  }
  if (weights !== undefined && format === 'regression') {
    findings.push(superfluous('training.class_weights', 'belongs to a classification'));
  }
  return findings;
}

function decisionRules({ training: { labels }, decisions }: RuledParts): Finding[] {
  const findings: Finding[] = [];
  const { filters } = decisions;
  if (decisions.output_format === 'regression') {
    if (decisions.confidence_threshold !== undefined) {
      const why = 'belongs to a classification; a regression has its cost_model';
      findings.push(superfluous('decisions.confidence_threshold', why));
    }
  } else if (decisions.cost_model !== undefined) {
    findings.push(superfluous('decisions.cost_model', 'belongs to a regression'));
  }
  if (!areTrades(labels)) {
    const given = {
      'decisions.position_awareness': decisions.position_awareness !== undefined,
      'decisions.allow_short_from_flat': decisions.allow_short_from_flat !== undefined,
      'decisions.filters.min_signal_separation': filters.min_signal_separation !== undefined,
      'decisions.filters.volume_filter': filters.volume_filter !== false,
    };
    const why = `is about trades, and labels of the source ${labels.source} name states of the market`;
    for (const [path, isGiven] of Object.entries(given)) if (isGiven) findings.push(superfluous(path, why));
  } else if (decisions.allow_short_from_flat === true && decisions.position_awareness === false) {
    const why = 'needs to know the position, and position_awareness is false';
    findings.push(superfluous('decisions.allow_short_from_flat', why));
  }
  return findings;
}

function validationRules({ training, decisions }: RuledParts): Finding[] {
  const { early_stopping: stopping, lr_scheduler: scheduler, data_split: split } = training;
  const findings: Finding[] = [];
  if (split.validation === 0 && stopping !== undefined) {
    const message = 'early stopping watches the validation part, and data_split.validation is 0.';
    findings.push(wrong('training.early_stopping', message));
  }
  if (split.validation === 0 && scheduler?.type === 'reduce_on_plateau') {
    const message = 'reduce_on_plateau watches the validation part, and data_split.validation is 0.';
    findings.push(wrong('training.lr_scheduler.type', message));
  }
  if (stopping?.monitor === 'val_accuracy' && decisions.output_format === 'regression') {
    const message = 'a regression has no accuracy; use val_loss.';
    findings.push(wrong('training.early_stopping.monitor', message));
  }
  return findings;
}

function wrong(path: string, message: string): Finding {
  return { path: path.split('.'), at: 'value', message: `"${path}": ${message}` };
}

function superfluous(path: string, why: string): Finding {
  return { path: path.split('.'), at: 'key', message: `"${path}" ${why}; remove it.` };
}
