import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layers, resolveSettings, type GivenSetting } from './resolve-settings.ts';
import { settingNames, type SettingName } from './setting-specs.ts';

const texts = new Map<SettingName, readonly string[]>([
  ['ib.gateway.port', ['1', '2', '3', 'wrong']],
  ['log.level', ['debug', 'warn', 'loud']],
  ['training.use_host_service', ['true', 'no', '']],
]);

const givenSetting: fc.Arbitrary<GivenSetting> = fc
  .record({ name: fc.constantFrom(...texts.keys()), layer: fc.constantFrom(...layers), choice: fc.nat(3) })
  .map(({ name, layer, choice }) => {
    const all = texts.get(name) ?? [];
    return { name, layer, text: all[choice % all.length] ?? '', at: `${layer} ${name}`, directory: '/' };
  });

/** Each layer has a say about a setting once. */
const given = fc.uniqueArray(givenSetting, { selector: ({ at }) => at });

const isWrong = ({ text }: GivenSetting): boolean => ['wrong', 'loud', ''].includes(text);

describe('resolveSettings()', () => {
  it('lets the strongest layer that has a value decide, in whatever order they come', () => {
    fc.assert(
      fc.property(given, (all) => {
        const { settings } = resolveSettings(all, '/home');
        expect(settings.map(({ name }) => name)).toEqual(settingNames);
        for (const { name, layer, at } of settings) {
          const right = all.filter((each) => each.name === name && !isWrong(each));
          const strongest = layers.find((each) => right.some((one) => one.layer === each));
          expect({ layer, at }).toEqual(
            strongest === undefined ? { layer: 'default', at: '' } : { layer: strongest, at: `${strongest} ${name}` },
          );
        }
        expect(resolveSettings([...all].reverse(), '/home').settings).toEqual(settings);
      }),
    );
  });

  it('finds everything that is wrong, in whatever layer', () => {
    fc.assert(
      fc.property(given, (all) => {
        const { faults } = resolveSettings(all, '/home');
        const named = faults.map(({ at }) => at.split(',')[0]);
        expect(new Set(named)).toEqual(new Set(all.filter(isWrong).map(({ at }) => at)));
        expect(faults).toHaveLength(all.filter(isWrong).length);
      }),
    );
  });

  it('changes nothing but the one setting that is added', () => {
    fc.assert(
      fc.property(given, givenSetting, (all, one) => {
        const without = resolveSettings(
          all.filter(({ at }) => at !== one.at),
          '/home',
        );
        const added = resolveSettings([...all.filter(({ at }) => at !== one.at), one], '/home');
        const others = ({ settings }: typeof without) => settings.filter(({ name }) => name !== one.name);
        expect(others(added)).toEqual(others(without));
      }),
    );
  });
});
