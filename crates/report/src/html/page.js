(function(){
"use strict";
var view=document.querySelector(".view"),svg=view&&view.querySelector("svg");
if(!svg)return;
var box=svg.viewBox.baseVal,W=box.width,H=box.height,scale=1;
if(!W||!H)return;
// The room is as high as the picture needs, up to most of the window.
function room(){return{w:view.clientWidth,h:Math.max(240,window.innerHeight*0.78-2)};}
function size(s,cx,cy){
  var old=scale;scale=Math.min(6,Math.max(0.05,s));
  cx=cx===undefined?view.clientWidth/2:cx;cy=cy===undefined?view.clientHeight/2:cy;
  var x=(view.scrollLeft+cx)/old,y=(view.scrollTop+cy)/old;
  svg.setAttribute("width",Math.round(W*scale));svg.setAttribute("height",Math.round(H*scale));
  view.scrollLeft=x*scale-cx;view.scrollTop=y*scale-cy;
}
function fit(){var r=room();size(Math.min(r.w/W,r.h/H,1.6));}
// Names are 12 px in the picture: at 0.85 they are still read with ease.
// What is higher than the window is read from its top, as wide as the window is.
function read(){var r=room(),whole=Math.min(r.w/W,r.h/H,1.25);
  size(Math.max(whole,Math.min(r.w/W,1),0.85));
  view.scrollLeft=0;view.scrollTop=0;begin();}
// The first event that is drawn is where it begins: it is in view, whatever else is.
function begin(){
  var event=svg.querySelector("[data-id] circle"),v=view.getBoundingClientRect();
  if(!event)return;
  var first=event.getBoundingClientRect();
  if(first.top<v.top)view.scrollTop-=v.top-first.top+24;
  else if(first.bottom>v.bottom)view.scrollTop+=first.bottom-v.bottom+24;
}
var doing={in:function(){size(scale*1.25);},out:function(){size(scale/1.25);},fit:fit,read:read};
document.querySelectorAll("button[data-do]").forEach(function(b){
  b.addEventListener("click",function(){doing[b.getAttribute("data-do")]();});
});
view.addEventListener("wheel",function(e){
  if(!e.ctrlKey&&!e.metaKey)return;
  e.preventDefault();
  var r=view.getBoundingClientRect();
  size(scale*Math.exp(-e.deltaY/300),e.clientX-r.left,e.clientY-r.top);
},{passive:false});
view.addEventListener("keydown",function(e){
  if(e.key==="+"||e.key==="=")doing.in();else if(e.key==="-")doing.out();
  else if(e.key==="0")fit();else return;
  e.preventDefault();
});
var from=null;
view.addEventListener("pointerdown",function(e){
  if(e.button!==0||e.pointerType==="touch")return;
  from={x:e.clientX,y:e.clientY,l:view.scrollLeft,t:view.scrollTop};
});
window.addEventListener("pointermove",function(e){
  if(!from)return;
  view.classList.add("moving");
  view.scrollLeft=from.l-(e.clientX-from.x);view.scrollTop=from.t-(e.clientY-from.y);
});
window.addEventListener("pointerup",function(){from=null;view.classList.remove("moving");});
read();
})();
// Links to elements of the picture.
(function(){
"use strict";
var view=document.querySelector(".view"),svg=view&&view.querySelector("svg");
if(!svg)return;
document.querySelectorAll("a[data-element]").forEach(function(a){
  a.addEventListener("click",function(e){
    e.preventDefault();
    var id=a.getAttribute("data-element"),found=null;
    svg.querySelectorAll("[data-id]").forEach(function(n){
      n.classList.remove("found");if(n.getAttribute("data-id")===id)found=n;
    });
    if(!found)return;
    found.classList.add("found");
    view.scrollIntoView({block:"nearest"});
    var f=found.getBoundingClientRect(),v=view.getBoundingClientRect();
    view.scrollLeft+=f.left-v.left-(v.width-f.width)/2;
    view.scrollTop+=f.top-v.top-(v.height-f.height)/2;
  });
});
})();
