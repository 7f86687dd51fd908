/** What the service stands on, its store or its outbox, can't be used for the time being. Says whose fault it is not: no defect of ours. */

/** The message is for the operator: what happened, where, what to do. Whoever meets it asks again later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** For whoever still asks while the process stops. `what`: the store or the outbox, as the operator knows it. */
export function closed(what: string): Unavailable {
  return new Unavailable(`${what} is closed, for this process is stopping; ask again once it, or another one, is up`)
}
