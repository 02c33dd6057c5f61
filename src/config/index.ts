export { obtainToken, readToken, tokenOrigin } from './access-token.ts';
export { environmentWith, processSettings } from './settings.ts';
export type { Environment, Settings } from './settings.ts';
