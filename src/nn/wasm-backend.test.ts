import { testBackend } from './backend.contract.ts';
import { wasmBackend } from './wasm-backend.ts';

testBackend(wasmBackend);
