export { membershipColumn, membershipSchema, writeDegrees } from './membership.ts';
export type { Membership, Places, Stretch } from './membership.ts';
