{{/* What the pods of brokers and of cascade brokers have in common. */}}

{{- define "tailrace.podSecurity" -}}
automountServiceAccountToken: false
# Variables that Kubernetes makes of services are not for the broker.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ add .Values.shutdownSeconds 15 }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* (dict "root" $ "component" NAME) */}}
{{- define "tailrace.affinity" -}}
affinity:
  podAntiAffinity:
    {{- if eq .root.Values.antiAffinity "hard" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels: {{- include "tailrace.selector" .root | nindent 12 }}
            app.kubernetes.io/component: {{ .component }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "tailrace.selector" .root | nindent 14 }}
              app.kubernetes.io/component: {{ .component }}
    {{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "tailrace.selector" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "tailrace.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
lifecycle:
  preStop:
    # Clients are sent elsewhere first. SIGTERM, which follows, has the broker transfer its leaderships before it ends.
    exec: { command: [sleep, '5'] }
# A start reads the journal, which takes as long as the disk needs for it.
startupProbe:
  httpGet: { path: /healthz, port: http, scheme: HTTPS }
  periodSeconds: 2
  failureThreshold: 300
livenessProbe:
  httpGet: { path: /healthz, port: http, scheme: HTTPS }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: http, scheme: HTTPS }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}

{{/* Settings that the chart gives by itself; they win over those of values.settings. */}}
{{- define "tailrace.environment" -}}
- name: TAILRACE_CONFIG
  value: /etc/tailrace/settings/settings.yaml
- name: TAILRACE_DATA
  value: /var/lib/tailrace/data
- name: TAILRACE_HTTP
  value: {{ printf "%s:8080" .Values.listen | quote }}
- name: TAILRACE_TLS_CA_FILE
  value: /etc/tailrace/tls/ca.crt
- name: TAILRACE_SHUTDOWN_TIMEOUT_MS
  value: {{ mul .Values.shutdownSeconds 1000 | quote }}
{{- if .Values.adminToken.secretName }}
- name: TAILRACE_ADMIN_TOKEN_FILE
  value: /etc/tailrace/admin/admin.token
{{- end }}
{{- end -}}

{{- define "tailrace.mounts" -}}
- { name: data, mountPath: /var/lib/tailrace }
- { name: settings, mountPath: /etc/tailrace/settings, readOnly: true }
- { name: tls, mountPath: /etc/tailrace/tls, readOnly: true }
{{- if .Values.adminToken.secretName }}
- { name: admin, mountPath: /etc/tailrace/admin, readOnly: true }
{{- end }}
- { name: tmp, mountPath: /tmp }
{{- end -}}

{{/* (dict "root" $ "names" (list "broker-1" ...)): certificates of these names, each as NAME.crt and NAME.key. */}}
{{- define "tailrace.volumes" -}}
- name: settings
  configMap: { name: {{ include "tailrace.fullname" .root }}-settings }
- name: tls
  projected:
    defaultMode: 0440
    sources:
    {{- $root := .root }}
    {{- if $root.Values.tls.certManager.enabled }}
    {{- range $index, $name := .names }}
      - secret:
          name: {{ include "tailrace.fullname" $root }}-{{ $name }}-tls
          items:
            - { key: tls.crt, path: {{ $name }}.crt }
            - { key: tls.key, path: {{ $name }}.key }
            {{- if eq $index 0 }}
            - { key: ca.crt, path: ca.crt }
            {{- end }}
    {{- end }}
    {{- else }}
      - secret:
          name: {{ include "tailrace.tlsSecret" $root }}
          items:
            - { key: ca.crt, path: ca.crt }
            {{- range .names }}
            - { key: {{ . }}.crt, path: {{ . }}.crt }
            - { key: {{ . }}.key, path: {{ . }}.key }
            {{- end }}
    {{- end }}
{{- if .root.Values.adminToken.secretName }}
- name: admin
  secret:
    secretName: {{ .root.Values.adminToken.secretName }}
    defaultMode: 0440
    items: [{ key: admin.token, path: admin.token }]
{{- end }}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end -}}
