// What shows a task, loaded when one is first selected. The build of both elements takes `panel-now` in its place.
export type Room = typeof import('./panel.js')
export const enter = (): Promise<Room> => import('./panel.js')
