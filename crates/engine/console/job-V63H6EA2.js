import{a,b,c}from"./chunk-I4U7E733.js";import"./chunk-GHMGWTJB.js";import"./chunk-OZJIWODR.js";import"./chunk-52T7JU65.js";export{b as JobScreen,c as RunsScreen,a as jobHead};
