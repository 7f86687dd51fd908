/** Every interface that can be served, by its name in the configuration. Knows their names, not what they do. */
import { type HttpInterface, type HttpSurroundings } from './interface'
import { webPushExample } from './webpush-example'

export const interfaces: Readonly<Record<'webpush-example', (surroundings: HttpSurroundings) => HttpInterface>> = {
  'webpush-example': webPushExample,
}
