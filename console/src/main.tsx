import { render } from "preact";
import { Shell } from "./shell";
import "./style/base.css";
import "./style/parts.css";
import "./style/diagram.css";

const root = document.getElementById("app");
if (root !== null) render(<Shell />, root);
