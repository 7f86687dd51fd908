/** What the service stands on, its store or its outbox, can't be used for the time being. Says whose fault it is not: no defect of ours. */

/** The message is for the operator: what happened, where, what to do. Whoever meets it asks again later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
