import { Option } from 'commander';

/** An option that takes several values, with commas between them. */
export class ListOption extends Option {}
