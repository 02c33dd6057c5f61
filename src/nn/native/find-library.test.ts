import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thrownBy } from '../../base/thrown-by.fixture.ts';
import { findNativeLibrary } from './find-library.ts';

describe('findNativeLibrary()', () => {
  let home: string;
  let empty: string;

  beforeEach(() => {
    // What is found is told without links, and the directory for temporary files may be one.
    home = realpathSync(mkdtempSync(join(tmpdir(), 'ktrdr-library-')));
    empty = join(home, 'empty');
    mkdirSync(empty);
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('finds what was installed in a folder, and loads nothing of it', () => {
    const folder = join(home, 'node_modules', 'onnxruntime-node');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '9.8.7', main: 'entry.js' }));
    writeFileSync(join(folder, 'entry.js'), "throw new Error('loaded');");
    expect(findNativeLibrary([home])).toEqual({ path: join(folder, 'entry.js'), version: '9.8.7' });
  });

  it('says how to install what is not there', () => {
    const { code, message } = thrownBy(() => findNativeLibrary([empty]));
    expect(code).toBe('failed_precondition');
    expect(message).toBe(
      `The native backend computes with the package onnxruntime-node, which is installed neither beside ktrdr nor in ${empty}. ` +
        `Install it (npm install --prefix ${JSON.stringify(empty)} --ignore-scripts onnxruntime-node), or set KTRDR_TRAINING_BACKEND to auto.`,
    );
  });
});
