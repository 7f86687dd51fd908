/** Small values that are kept, and under which names an app's are, where more than one part of the house asks for them. */

/** A small value, and when it was put (ms since 1970). */
export interface Kept {
  readonly value: string
  readonly at: number
}

/** Why the app's fuse has blown; empty once it was reset. */
export const fuseName = (app: string): string => `fuse ${app}`

/** The token that is signed with a team's key: Apple takes no second one for twenty minutes. */
export const tokenName = (teamId: string, keyId: string): string => `apns-token/${teamId}/${keyId}`

/** The certificate that was handed in for an app; empty where it was dropped. */
export const certificateName = (app: string): string => `certificate/${app}`

/** Whether a store that takes the place of another needs it, too; whatever else is kept makes itself anew. */
export function isToMove(name: string): boolean {
  return [fuseName(''), certificateName(''), 'apns-token/'].some((start) => name.startsWith(start))
}
