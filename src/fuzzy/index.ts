export { membershipColumn, membershipSchema } from './membership.ts';
export type { Membership } from './membership.ts';
