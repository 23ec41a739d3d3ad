#!/usr/bin/env bash
# Data sets of the real maps that the shipped model learns from, each labelled by itself (docs/science/real-maps.md).
#   bash benchmarks/real_training.sh OUT            OUT holds the data sets; then, in OUT:
#   hicstruct train RECIPE -o model                 RECIPE: resources/configs/real.yaml
# GM12878 chr21 and its 30-35 Mb are for validation and are never among them.
set -euo pipefail
out=${1:?a folder}
maps=${HICSTRUCT_DATA:-../shared/data}/maps
hicstruct=${HICSTRUCT:-hicstruct}

# what: bins, data set, map, regions that hold contacts
while read -r bins name map regions; do
    for size in ${bins//,/ }; do
        [ -e "$out/$name-$size" ] || "$hicstruct" dataset "$maps/$map" -o "$out/$name-$size" --quiet \
            --weak loop,stripe,boundary --resolution "$size" --train "$regions"
    done
done <<'LIST'
10k,20k epha4-wt   mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool     chr1:73M-79M
10k,20k epha4-delb mouse_limbE11.5_Epha4_DelB_chr1_73-79Mb_10kb.cool   chr1:73M-79M
10k,20k stripediff stripeDiff_mutant_chr19_20Mb_10kb.cool              chr19
10k,20k lncap      LNCaP_chr7_chr14_10kb_hg38.cool                     chr7,chr14:16M-39M
10k     hffc6      HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool           chr17:62.5M-63.5M
25k,50k es         mouse_ES_chr18_50-70Mb_25kb.cool                    chr18:50M-70M
25k,50k gm12878-20 GM12878_rep_chr20_25kb.cool                         chr20
LIST
