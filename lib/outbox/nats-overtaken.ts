/** The one error by which an instance learns that another one has what it believed to be its own. */

/** Somebody else wrote in between: what we believed of this subject is no longer so. */
export class Overtaken extends Error {}
