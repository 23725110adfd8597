import{e as a,f as b,g as c,h as d,i as e}from"./chunk-76SKQBKL.js";import"./chunk-JXIM6GZF.js";import"./chunk-52T7JU65.js";export{e as Jump,c as KEYS,b as Repair,a as frame,d as keysDialog};
