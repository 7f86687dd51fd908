/** Under which names an app's small values are kept, where more than one part of the house asks for them. */

/** Why the app's fuse has blown; empty once it was reset. */
export const fuseName = (app: string): string => `fuse ${app}`

/** What tells two stores from one that is named twice, for a moment; empty otherwise. */
export const MOVE = 'move'

/** The certificate that was handed in for an app; empty where it was dropped. */
export const certificateName = (app: string): string => `certificate/${app}`
