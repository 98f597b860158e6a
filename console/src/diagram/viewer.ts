/** The interactive picture: bpmn-js as it is, plus one layer of our own for all counts. This file
 * and what it imports is a chunk of its own, loaded when the first diagram is. */

import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import type { Badge, Marks } from "./marks";

interface Shape {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  type: string;
  waypoints?: unknown;
  labelTarget?: unknown;
}

interface Canvas {
  getLayer(name: string, index?: number): SVGGElement;
  addMarker(element: string, marker: string): void;
  removeMarker(element: string, marker: string): void;
  zoom(level: number | "fit-viewport" | undefined, center?: "auto" | object): number;
  scrollToElement(element: string, padding?: number): void;
  viewbox(box?: Box): Box & { scale: number; inner: Box };
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Registry {
  get(id: string): Shape | undefined;
  filter(test: (shape: Shape) => boolean): Shape[];
}

interface Events {
  on(name: string, run: (event: { element?: Shape }) => void): void;
}

const SVG = "http://www.w3.org/2000/svg";
const BADGE_HEIGHT = 18;
/** Smaller, nobody can read the names; larger, a task fills the page. */
const ZOOM_MIN = 0.2;
const ZOOM_MAX = 4;
/** How much of the frame a picture fills. */
const ROOM = 0.96;

export class Picture {
  private readonly viewer: NavigatedViewer;
  private readonly canvas: Canvas;
  private readonly registry: Registry;
  private marked: [string, string][] = [];

  constructor(container: HTMLElement, select: (id: string | null) => void) {
    this.viewer = new NavigatedViewer({
      container,
      // Colours come from the style sheet, so that light and dark need no second drawing.
      bpmnRenderer: {
        defaultFillColor: "var(--shape)",
        defaultStrokeColor: "var(--line)",
        defaultLabelColor: "var(--ink)",
      },
    } as ConstructorParameters<typeof NavigatedViewer>[0]);
    this.canvas = this.viewer.get<Canvas>("canvas");
    this.registry = this.viewer.get<Registry>("elementRegistry");
    this.viewer.get<Events>("eventBus").on("element.click", ({ element }) => {
      const shape = element === undefined ? undefined : this.registry.get(element.id);
      select(shape === undefined || isRoot(shape) ? null : label(shape).id);
    });
  }

  async open(xml: string): Promise<void> {
    await this.viewer.importXML(xml);
    this.fit();
  }

  destroy(): void {
    this.viewer.destroy();
  }

  /** The whole picture where that can be read, else its beginning. */
  fit(): void {
    this.canvas.zoom("fit-viewport", "auto");
    const box = this.canvas.viewbox();
    if (box.scale >= ZOOM_MIN) {
      // Names at the edge are not to touch it.
      this.canvas.zoom(Math.min(1, Math.max(ZOOM_MIN, box.scale * ROOM)), "auto");
      return;
    }
    this.canvas.zoom(ZOOM_MIN);
    const { width, height } = this.canvas.viewbox();
    const middle = box.inner.y + box.inner.height / 2;
    this.canvas.viewbox({ x: box.inner.x - 20, y: middle - height / 2, width, height });
  }

  zoom(by: number): void {
    const next = this.canvas.zoom(undefined) * by;
    this.canvas.zoom(Math.min(ZOOM_MAX, Math.max(ZOOM_MIN / 4, next)), "auto");
  }

  show(id: string): void {
    if (this.registry.get(id) !== undefined) this.canvas.scrollToElement(id, 80);
  }

  /** Puts classes on elements and counts beside them; what was there before goes. */
  mark(marks: Marks): void {
    for (const [id, name] of this.marked) this.canvas.removeMarker(id, name);
    this.marked = [];
    for (const [id, names] of marks.classes) {
      if (this.registry.get(id) === undefined) continue;
      for (const name of names) {
        this.canvas.addMarker(id, name);
        this.marked.push([id, name]);
      }
    }
    const layer = this.canvas.getLayer("counts", 3);
    const drawn: SVGElement[] = [];
    for (const [id, badges] of marks.badges) {
      const shape = this.registry.get(id);
      if (shape !== undefined) drawn.push(...badges.map((badge) => draw(shape, badge)));
    }
    layer.replaceChildren(...drawn);
  }
}

function isRoot(shape: Shape): boolean {
  return shape.width === undefined && shape.waypoints === undefined;
}

/** A click on a name means what it names. */
function label(shape: Shape): Shape {
  return (shape.labelTarget as Shape | undefined) ?? shape;
}

/** Events and gateways are no larger, and have their names below them. */
const SMALL = 60;

/** The middle of a pill: on a corner, or beside a lower one where a name stands below. */
function place(shape: Shape, badge: Badge, width: number): [number, number] {
  const [vertical, horizontal] = badge.at;
  const below = vertical === "bottom" && shape.height <= SMALL;
  const out = below ? width / 2 - 5 : 0;
  const middle = shape.x + shape.width / 2;
  const x = { left: shape.x - out, middle, right: shape.x + shape.width + out }[horizontal];
  if (vertical === "top") return [x, shape.y];
  return [x, shape.y + shape.height - (below ? 7 : 0)];
}

/** A pill at one of the corners; its width follows the number of characters. */
function draw(shape: Shape, badge: Badge): SVGElement {
  const width = Math.max(BADGE_HEIGHT, 10 + 6.6 * badge.text.length);
  const [x, y] = place(shape, badge, width);
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", `badge ${badge.kind}`);
  group.setAttribute("transform", `translate(${x - width / 2} ${y - BADGE_HEIGHT / 2})`);
  const pill = document.createElementNS(SVG, "rect");
  const size = { width, height: BADGE_HEIGHT, rx: BADGE_HEIGHT / 2 };
  for (const [name, value] of Object.entries(size)) pill.setAttribute(name, String(value));
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("x", String(width / 2));
  text.setAttribute("y", String(BADGE_HEIGHT / 2 + 4));
  text.textContent = badge.text;
  group.append(pill, text);
  return group;
}
