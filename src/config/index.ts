export { obtainToken, readToken, tokenOrigin } from './access-token.ts';
export { noSetting } from './config-file.ts';
export type { ConfigFile } from './config-file.ts';
export { setInFile, unsetInFile } from './edit-config-file.ts';
export type { ResolvedSetting } from './resolve-settings.ts';
export { settingNames, specOf } from './setting-specs.ts';
export type { SettingName } from './setting-specs.ts';
export { environmentWith, processSettings, reportProcessSettings, soundSettings } from './settings.ts';
export type { Flags, SettingReport, Settings } from './settings.ts';
