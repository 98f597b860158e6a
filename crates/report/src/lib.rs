//! Model and figures as SVG and as one offline HTML file.
