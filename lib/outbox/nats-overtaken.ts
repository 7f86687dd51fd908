/** The errors by which an instance learns that what it believed to be its own is not. */

/** Somebody else wrote in between: what we believed of this subject is no longer so. */
export class Overtaken extends Error {}

/** The stream was deleted and made anew: nothing that was known of it is so. */
export class MadeAnew extends Overtaken {}
