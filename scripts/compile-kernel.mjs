import { join } from 'node:path';
import asc from 'assemblyscript/asc';

/**
 * Compiles the AssemblyScript of the training kernel into one module of WebAssembly. Relaxed SIMD stays off: its results
 * depend on the processor. Functions are inlined by size, loops are left as they are written.
 */
export async function compileKernel(root) {
  const target = join(root, 'dist', 'nn', 'kernel', 'kernel.wasm');
  const { error, stderr } = await asc.main([
    'src/nn/kernel/assembly/index.ts',
    `--baseDir=${root}`,
    `--outFile=${target}`,
    '--runtime=stub',
    '--optimizeLevel=3',
    '--enable=simd',
    '--noAssert',
    // What cannot go on traps, which the caller sees; nothing is to be imported.
    '--use=abort=',
    // That vectors cannot leave the module: they pass between its files only.
    '--disableWarning=112',
  ]);
  if (error === null) return;
  console.error(new TextDecoder().decode(stderr.toBuffer()));
  throw new Error('The kernel does not compile.', { cause: error });
}
