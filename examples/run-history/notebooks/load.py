# Databricks notebook source
import datetime

day = datetime.date.fromisoformat(dbutils.widgets.get("day"))
print(f"loading {day}")
