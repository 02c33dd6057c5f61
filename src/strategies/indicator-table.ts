import { indicatorCatalogue, type CatalogueEntry, type CatalogueParameter } from '../indicators/index.ts';
import { markdownTable } from './markdown-table.ts';

/** Every indicator that a strategy may use, as a Markdown table. */
export function indicatorTable(): string {
  return markdownTable(
    ['Type', 'Also', 'Parameters', 'Outputs', 'What it tells'],
    indicatorCatalogue().map((entry) => [
      `\`${entry.id}\``,
      entry.aliases.map((alias) => `\`${alias}\``).join(', '),
      entry.parameters.map(parameterWords).join('; '),
      outputWords(entry),
      `${entry.name} (${entry.kind.replaceAll('_', ' ')}): ${entry.description}`,
    ]),
  );
}

/** `period` 14 [2, 100]; an open end is written as it is in mathematics: (0, 10]. */
function parameterWords({ name, default: usual, options, ...limits }: CatalogueParameter): string {
  const { min = -Infinity, max = Infinity, above, below } = limits;
  const isOpen = above === undefined && below === undefined && min === -Infinity && max === Infinity;
  const lowest = above === undefined ? `[${min}` : `(${above}`;
  const highest = below === undefined ? `${max}]` : `${below})`;
  const range = isOpen ? '' : ` ${lowest}, ${highest}`;
  const others = name === 'source' || options === undefined ? '' : ` (${options.join(', ')})`;
  return `\`${name}\` ${String(usual)}${range}${others}`;
}

function outputWords({ outputs, optionalOutputs }: CatalogueEntry): string {
  if (outputs.length === 1) return 'one';
  return outputs.map((output) => `\`${output}\`${optionalOutputs.includes(output) ? ' if asked for' : ''}`).join(', ');
}
