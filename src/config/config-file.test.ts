import { describe, expect, it } from 'vitest';
import { parseConfig } from './config-file.ts';

async function faultsIn(text: string, layer: 'project' | 'user' = 'user'): Promise<string[]> {
  const { faults } = await parseConfig(text, { path: '/c.yaml', layer });
  return faults.map(({ at, what }) => `${at} ${what}`);
}

describe('parseConfig()', () => {
  it('reads the names as nested maps, whatever the style', async () => {
    const text = `# mine\nhome: "~/k"\nib: { gateway: { port: 7497 } }\ntraining:\n\nlog:\n  level: >-\n    debug\n`;
    const { given, faults } = await parseConfig(text, { path: '/dir/c.yaml', layer: 'user' });
    expect(faults).toEqual([]);
    expect(given).toEqual([
      { name: 'home', text: '~/k', layer: 'user', at: '/dir/c.yaml:2:7', directory: '/dir' },
      { name: 'ib.gateway.port', text: '7497', layer: 'user', at: '/dir/c.yaml:3:24', directory: '/dir' },
      { name: 'log.level', text: 'debug', layer: 'user', at: '/dir/c.yaml:7:10', directory: '/dir' },
    ]);
  });

  it.each(['', '\n', '# nothing yet\n', '---\n', 'null\n'])('finds nothing in %j', async (text) => {
    expect(await parseConfig(text, { path: '/c.yaml', layer: 'user' })).toEqual({ given: [], faults: [] });
  });

  it.each([
    ['hom: /x\n', '/c.yaml:1:1 there is no setting "hom"; did you mean "home"?'],
    [
      'ib.gateway.port: 1\n',
      '/c.yaml:1:1 "ib.gateway.port" is one key: write a map for each part of the name, ib: { gateway: { port: ... } }',
    ],
    ['ib:\n  gateway: 7497\n', '/c.yaml:2:12 ib.gateway holds settings: write them below it, indented'],
    ['log:\n  level:\n', '/c.yaml:2:3 log.level needs one value: use debug, info, warn, error or silent'],
    ['home: [a]\n', '/c.yaml:1:1 home needs one value: use a path'],
    ['- home\n', '/c.yaml:1:1 holds no settings: write "name: value" lines'],
    [
      'access: { token: abc }\n',
      '/c.yaml:1:11 access.token cannot be set in a file: set KTRDR_TOKEN, or name a file of its own with access.token_file',
    ],
  ])('refuses %j', async (text, fault) => {
    expect(await faultsIn(text)).toEqual([fault]);
  });

  it('says where YAML is broken', async () => {
    expect(await faultsIn('home: /x\nlog: {level: info\n')).toEqual([expect.stringMatching(/^\/c\.yaml:\d:\d+ .*}/)]);
    expect(await faultsIn('log: {level: {\n')).toHaveLength(1);
    expect(await faultsIn('home: a\nhome: b\n')).toEqual([expect.stringMatching(/^\/c\.yaml:2:1 .*unique/)]);
  });

  it('lets no project say who gets to see the access token', async () => {
    const text =
      'api: { url: "http://x/", host: 0.0.0.0 }\nib: { host_service: { url: "http://x" } }\naccess: { token_file: t }\n';
    expect(await faultsIn(text)).toEqual([]);
    const faults = await faultsIn(text, 'project');
    expect(faults).toHaveLength(4);
    for (const fault of faults) expect(fault).toContain('cannot be set in a project file');
  });
});
