import { existsSync, realpathSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The directories of this user for this program, by the XDG rules. */
export interface XdgDirectories {
  readonly config: string;
  readonly data: string;
  readonly state: string;
}

export function xdgDirectories(environment: Environment): XdgDirectories {
  const directory = (variable: string, ...otherwise: string[]): string => {
    const given = environment[variable] ?? '';
    // The XDG rules have a relative path ignored.
    return join(isAbsolute(given) ? given : join(ownDirectory(), ...otherwise), 'ktrdr');
  };
  return {
    config: directory('XDG_CONFIG_HOME', '.config'),
    data: directory('XDG_DATA_HOME', '.local', 'share'),
    state: directory('XDG_STATE_HOME', '.local', 'state'),
  };
}

/** The directory of this user. HOME may be empty, as it is where a service is started with an environment of its own. */
export function ownDirectory(): string {
  const own = homedir();
  return isAbsolute(own) ? own : userInfo().homedir;
}

const projectFileName = 'ktrdr.yaml';

/**
 * The settings that go with the work in a directory: a file there or in a parent, up to the root of the checkout or the
 * directory of the user. Outside of both only the directory itself counts: above it others may write.
 */
export function projectFile(directory: string): string | undefined {
  return projectDirectories(directory)
    .map((each) => join(each, projectFileName))
    .find((file) => existsSync(file));
}

/** Where `projectFile` is made when there is none. */
export function newProjectFile(directory: string): string {
  return join(directory, projectFileName);
}

function projectDirectories(directory: string): string[] {
  const home = ownDirectory();
  // A process knows its directory without links, and that of the user may be one.
  const own = existsSync(home) ? realpathSync(home) : home;
  const upwards: string[] = [];
  for (let each = directory; ; each = dirname(each)) {
    upwards.push(each);
    if (each === own || existsSync(join(each, '.git'))) return upwards;
    if (dirname(each) === each) return [directory];
  }
}
