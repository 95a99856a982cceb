// ServerTests.swift
