/** How much a database holds, and how much of it came after a moment. Looks at every row, so nobody asks it often. */
import { type Holding } from '../model/backup'
import { type Database } from './sqlite-database'

const SQL = `SELECT count(*) AS registrations, count(CASE WHEN registered_at > ?1 THEN 1 END) AS laterRegistrations,
  (SELECT count(*) FROM unended) AS waiting,
  (SELECT count(*) FROM unended WHERE accepted_at > ?1) AS laterWaiting FROM registration`

/** `after`: ms since 1970. */
export function holdingOf(database: Database, after: number): Holding {
  const [row] = database.prepare(SQL).rows<Holding>([Math.floor(after)])
  return row ?? { registrations: 0, waiting: 0, laterRegistrations: 0, laterWaiting: 0 }
}
